-- Permute: all orders of an array by swapping, and what a few of them add up to.
local function permutations(size)
  local list = {}
  for i = 1, size do
    list[i] = i - 1
  end
  local count = 0
  local sum = 0

  local function swap(i, j)
    local kept = list[i]
    list[i] = list[j]
    list[j] = kept
  end

  local function permute(n)
    if n == 0 then
      count = count + 1
      sum = (sum + list[1] * (count % 5)) % 1000003
      return
    end
    permute(n - 1)
    for i = n - 1, 1, -1 do
      swap(n, i)
      permute(n - 1)
      swap(n, i)
    end
  end

  permute(size)
  return string.format("count %d, sum %d", count, sum)
end

print(permutations(10))
