-- LRU cache: a map of the nodes of a doubly linked list; the node used longest ago makes room.
local Cache = {}
Cache.__index = Cache

local function new_node(key, value)
  return { key = key, value = value, before = nil, after = nil }
end

function Cache.new(capacity)
  local newest = new_node(-1, 0)
  local oldest = new_node(-1, 0)
  newest.after = oldest
  oldest.before = newest
  return setmetatable({ capacity = capacity, nodes = {}, size = 0, newest = newest, oldest = oldest }, Cache)
end

function Cache:unlink(node)
  node.before.after = node.after
  node.after.before = node.before
end

function Cache:link_as_newest(node)
  local after = self.newest.after
  node.before = self.newest
  node.after = after
  after.before = node
  self.newest.after = node
end

function Cache:get(key)
  local node = self.nodes[key]
  if not node then
    return nil
  end
  self:unlink(node)
  self:link_as_newest(node)
  return node.value
end

function Cache:set(key, value)
  local known = self.nodes[key]
  if known then
    known.value = value
    self:unlink(known)
    self:link_as_newest(known)
    return
  end
  if self.size == self.capacity then
    local last = self.oldest.before
    self:unlink(last)
    self.nodes[last.key] = nil
    self.size = self.size - 1
  end
  local node = new_node(key, value)
  self.nodes[key] = node
  self.size = self.size + 1
  self:link_as_newest(node)
end

local function run(capacity, keys, turns)
  local floor = math.floor
  local cache = Cache.new(capacity)
  local state = 42
  local hits = 0
  local sum = 0
  for i = 0, turns - 1 do
    state = (state * 1103515 + 12345) % 2147483648
    local random = floor(state / 1024)
    local key = random % (random % 4 == 0 and keys or floor(keys / 10))
    local value = cache:get(key)
    if value == nil then
      cache:set(key, i % 1000)
    else
      hits = hits + 1
      sum = (sum + value) % 1000003
    end
  end
  return string.format("hits %d, sum %d", hits, sum)
end

print(run(5000, 40000, 1500000))
