# Red-black trees: inserting, finding and walking; nodes that know their parents.
class Node:
    __slots__ = ("key", "value", "parent", "left", "right", "red")

    def __init__(self, key, value, parent):
        self.key = key
        self.value = value
        self.parent = parent
        self.left = None
        self.right = None
        self.red = True


class Tree:
    def __init__(self):
        self.root = None
        self.size = 0

    def find(self, key):
        node = self.root
        while node is not None and node.key != key:
            node = node.left if key < node.key else node.right
        return node

    def insert(self, key, value):
        parent = None
        node = self.root
        while node is not None:
            if key == node.key:
                node.value = value
                return
            parent = node
            node = node.left if key < node.key else node.right
        node = Node(key, value, parent)
        if parent is None:
            self.root = node
        elif key < parent.key:
            parent.left = node
        else:
            parent.right = node
        self.size += 1
        self.balance(node)

    def balance(self, node):
        while node.parent is not None and node.parent.red:
            parent = node.parent
            grandparent = parent.parent
            on_left = parent is grandparent.left
            uncle = grandparent.right if on_left else grandparent.left
            if uncle is not None and uncle.red:
                parent.red = False
                uncle.red = False
                grandparent.red = True
                node = grandparent
            elif on_left:
                if node is parent.right:
                    node = parent
                    self.rotate_left(node)
                    parent = node.parent
                parent.red = False
                grandparent.red = True
                self.rotate_right(grandparent)
            else:
                if node is parent.left:
                    node = parent
                    self.rotate_right(node)
                    parent = node.parent
                parent.red = False
                grandparent.red = True
                self.rotate_left(grandparent)
        self.root.red = False

    def rotate_left(self, node):
        child = node.right
        node.right = child.left
        if child.left is not None:
            child.left.parent = node
        self.replace(node, child)
        child.left = node
        node.parent = child

    def rotate_right(self, node):
        child = node.left
        node.left = child.right
        if child.right is not None:
            child.right.parent = node
        self.replace(node, child)
        child.right = node
        node.parent = child

    def replace(self, node, other):
        parent = node.parent
        other.parent = parent
        if parent is None:
            self.root = other
        elif node is parent.left:
            parent.left = other
        else:
            parent.right = other


def walk(tree):
    """The sum of the values by their places, and how deep the tree is."""
    place = 0
    total = 0
    deepest = 0

    def visit(node, depth):
        nonlocal place, total, deepest
        if node is None:
            return
        visit(node.left, depth + 1)
        place += 1
        total = (total + place * node.value) % 1000003
        if depth > deepest:
            deepest = depth
        visit(node.right, depth + 1)

    visit(tree.root, 1)
    return f"sum {total}, depth {deepest}"


def run(count):
    tree = Tree()
    state = 42
    for i in range(count):
        state = (state * 1103515 + 12345) % 2147483648
        tree.insert(state // 8 % 1000000, i % 1000)
    found = 0
    for key in range(0, 1000000, 3):
        if tree.find(key) is not None:
            found += 1
    return f"size {tree.size}, found {found}, {walk(tree)}"


print(run(200000))
