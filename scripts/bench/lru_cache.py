# LRU cache: a map of the nodes of a doubly linked list; the node used longest ago makes room.
class Node:
    __slots__ = ("key", "value", "before", "after")

    def __init__(self, key, value):
        self.key = key
        self.value = value
        self.before = None
        self.after = None


class Cache:
    def __init__(self, capacity):
        self.capacity = capacity
        self.nodes = {}
        self.newest = Node(-1, 0)
        self.oldest = Node(-1, 0)
        self.newest.after = self.oldest
        self.oldest.before = self.newest

    def unlink(self, node):
        node.before.after = node.after
        node.after.before = node.before

    def link_as_newest(self, node):
        after = self.newest.after
        node.before = self.newest
        node.after = after
        after.before = node
        self.newest.after = node

    def get(self, key):
        node = self.nodes.get(key)
        if node is None:
            return None
        self.unlink(node)
        self.link_as_newest(node)
        return node.value

    def set(self, key, value):
        known = self.nodes.get(key)
        if known is not None:
            known.value = value
            self.unlink(known)
            self.link_as_newest(known)
            return
        if len(self.nodes) == self.capacity:
            last = self.oldest.before
            self.unlink(last)
            del self.nodes[last.key]
        node = Node(key, value)
        self.nodes[key] = node
        self.link_as_newest(node)


def run(capacity, keys, turns):
    cache = Cache(capacity)
    state = 42
    hits = 0
    total = 0
    for i in range(turns):
        state = (state * 1103515 + 12345) % 2147483648
        random = state // 1024
        key = random % (keys if random % 4 == 0 else keys // 10)
        value = cache.get(key)
        if value is None:
            cache.set(key, i % 1000)
        else:
            hits += 1
            total = (total + value) % 1000003
    return f"hits {hits}, sum {total}"


print(run(5000, 40000, 1500000))
