-- Sorting: a quicksort in the language, and the built-in sort with a comparison function.
local function numbers(count)
  local state = 42
  local list = {}
  for i = 1, count do
    state = (state * 1103515 + 12345) % 2147483648
    list[i] = state
  end
  return list
end

local function quicksort(list, from, to)
  while from < to do
    local pivot = list[math.floor((from + to) / 2)]
    local i, j = from, to
    while i <= j do
      while list[i] < pivot do
        i = i + 1
      end
      while list[j] > pivot do
        j = j - 1
      end
      if i <= j then
        local swap = list[i]
        list[i] = list[j]
        list[j] = swap
        i = i + 1
        j = j - 1
      end
    end
    quicksort(list, from, j)
    from = i
  end
end

local function checksum(list)
  local sum = 0
  for i = 1, #list do
    sum = (sum * 31 + list[i]) % 1000003
  end
  return sum
end

local own = numbers(500000)
quicksort(own, 1, #own)
local builtin = numbers(300000)
table.sort(builtin, function(a, b) return a < b end)
print(string.format("own %d, built in %d", checksum(own), checksum(builtin)))
