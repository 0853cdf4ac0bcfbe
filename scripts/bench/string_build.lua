-- Strings: building from pieces. Lua's own way to append many pieces is a
-- table and table.concat, since its strings cannot grow.
local function append(turns)
  local text, n = {}, 0
  for i = 0, turns - 1 do
    text[n + 1] = "item "
    text[n + 2] = i % 1000
    text[n + 3] = ";"
    n = n + 3
  end
  return #table.concat(text)
end

local function join(turns)
  local length = 0
  for _ = 1, turns do
    local pieces = {}
    for i = 0, 999 do
      pieces[#pieces + 1] = "<" .. i .. ">"
    end
    length = length + #table.concat(pieces, ",")
  end
  return length
end

print(string.format("appended %d, joined %d", append(2000000), join(2000)))
