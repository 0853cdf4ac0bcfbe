-- Red-black trees: inserting, finding and walking; nodes that know their parents.
local Tree = {}
Tree.__index = Tree

function Tree.new()
  return setmetatable({ root = nil, size = 0 }, Tree)
end

function Tree:find(key)
  local node = self.root
  while node and node.key ~= key do
    if key < node.key then
      node = node.left
    else
      node = node.right
    end
  end
  return node
end

function Tree:insert(key, value)
  local parent = nil
  local node = self.root
  while node do
    if key == node.key then
      node.value = value
      return
    end
    parent = node
    if key < node.key then
      node = node.left
    else
      node = node.right
    end
  end
  node = { key = key, value = value, parent = parent, left = nil, right = nil, red = true }
  if not parent then
    self.root = node
  elseif key < parent.key then
    parent.left = node
  else
    parent.right = node
  end
  self.size = self.size + 1
  self:balance(node)
end

function Tree:balance(node)
  while node.parent and node.parent.red do
    local parent = node.parent
    local grandparent = parent.parent
    local on_left = parent == grandparent.left
    local uncle
    if on_left then
      uncle = grandparent.right
    else
      uncle = grandparent.left
    end
    if uncle and uncle.red then
      parent.red = false
      uncle.red = false
      grandparent.red = true
      node = grandparent
    elseif on_left then
      if node == parent.right then
        node = parent
        self:rotate_left(node)
        parent = node.parent
      end
      parent.red = false
      grandparent.red = true
      self:rotate_right(grandparent)
    else
      if node == parent.left then
        node = parent
        self:rotate_right(node)
        parent = node.parent
      end
      parent.red = false
      grandparent.red = true
      self:rotate_left(grandparent)
    end
  end
  self.root.red = false
end

function Tree:rotate_left(node)
  local child = node.right
  node.right = child.left
  if child.left then
    child.left.parent = node
  end
  self:replace(node, child)
  child.left = node
  node.parent = child
end

function Tree:rotate_right(node)
  local child = node.left
  node.left = child.right
  if child.right then
    child.right.parent = node
  end
  self:replace(node, child)
  child.right = node
  node.parent = child
end

function Tree:replace(node, other)
  local parent = node.parent
  other.parent = parent
  if not parent then
    self.root = other
  elseif node == parent.left then
    parent.left = other
  else
    parent.right = other
  end
end

-- The sum of the values by their places, and how deep the tree is.
local function walk(tree)
  local place = 0
  local sum = 0
  local deepest = 0
  local function visit(node, depth)
    if not node then
      return
    end
    visit(node.left, depth + 1)
    place = place + 1
    sum = (sum + place * node.value) % 1000003
    if depth > deepest then
      deepest = depth
    end
    visit(node.right, depth + 1)
  end
  visit(tree.root, 1)
  return string.format("sum %d, depth %d", sum, deepest)
end

local function run(count)
  local tree = Tree.new()
  local state = 42
  for i = 0, count - 1 do
    state = (state * 1103515 + 12345) % 2147483648
    tree:insert(math.floor(state / 8) % 1000000, i % 1000)
  end
  local found = 0
  for key = 0, 999999, 3 do
    if tree:find(key) then
      found = found + 1
    end
  end
  return string.format("size %d, found %d, %s", tree.size, found, walk(tree))
end

print(run(200000))
