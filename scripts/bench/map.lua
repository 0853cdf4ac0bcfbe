-- Maps: counting under numeric and under string keys, reading back, deleting.
local function by_number(turns)
  local counts = {}
  for i = 0, turns - 1 do
    local key = (i * 7919) % 100003
    counts[key] = (counts[key] or 0) + 1
  end
  local sum = 0
  for key, count in pairs(counts) do
    sum = sum + key * count
  end
  return sum
end

local function by_string(turns)
  local names = {}
  for i = 0, 4999 do
    names[i] = "name " .. i
  end
  local counts = {}
  for i = 0, turns - 1 do
    local name = names[(i * 31) % 5000]
    if counts[name] ~= nil then
      counts[name] = counts[name] + 1
    else
      counts[name] = 1
    end
    if i % 1000 == 999 then
      counts[name] = nil
    end
  end
  local sum = 0
  for _, count in pairs(counts) do
    sum = sum + count
  end
  return sum
end

print(string.format("by number %.0f, by string %d", by_number(8000000), by_string(8000000)))
