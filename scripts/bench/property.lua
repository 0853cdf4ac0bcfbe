-- Properties: 2·10^7 turns of reads and writes on plain tables and on instances of a small class.
local Point = {}
Point.__index = Point

function Point.new(x, y)
  return setmetatable({ x = x, y = y }, Point)
end

local function plain(turns)
  local a = { x = 0, y = 1, z = 2 }
  for _ = 1, turns do
    a.x = a.y
    a.y = a.z + 1
    a.z = a.x
  end
  return a.x + a.y + a.z
end

local function instances(turns)
  local p = Point.new(0, 1)
  local q = Point.new(2, 3)
  for _ = 1, turns do
    p.x = q.y
    q.y = p.y + 1
    p.y = q.x
    q.x = p.x
  end
  return p.x + p.y + q.x + q.y
end

print(string.format("plain %d, instances %d", plain(10000000), instances(10000000)))
