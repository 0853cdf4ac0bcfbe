-- Allocation: the binary trees of the Computer Language Benchmarks Game, depth 14.
local function bottom_up(depth)
  if depth == 0 then
    return { left = nil, right = nil }
  end
  return { left = bottom_up(depth - 1), right = bottom_up(depth - 1) }
end

local function check(node)
  if node.left == nil then
    return 1
  end
  return 1 + check(node.left) + check(node.right)
end

local function run(max_depth)
  local min_depth = 4
  local stretch = max_depth + 1
  print(string.format("stretch tree of depth %d\t check: %d", stretch, check(bottom_up(stretch))))

  local long_lived = bottom_up(max_depth)
  for depth = min_depth, max_depth, 2 do
    local trees = 2 ^ (max_depth - depth + min_depth)
    local sum = 0
    for _ = 1, trees do
      sum = sum + check(bottom_up(depth))
    end
    print(string.format("%d\t trees of depth %d\t check: %d", trees, depth, sum))
  end
  print(string.format("long lived tree of depth %d\t check: %d", max_depth, check(long_lived)))
end

run(14)
