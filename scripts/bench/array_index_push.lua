-- Arrays: a sieve by index, and stacks by push and pop.
local function sieve(limit)
  local composite = {}
  for n = 1, limit do
    composite[n] = false
  end
  local primes = 0
  for n = 2, limit do
    if not composite[n] then
      primes = primes + 1
      for m = n + n, limit, n do
        composite[m] = true
      end
    end
  end
  return primes
end

local function stack(turns)
  local items = {}
  local sum = 0
  for i = 0, turns - 1 do
    items[#items + 1] = i
    items[#items + 1] = i + 1
    sum = sum + table.remove(items)
  end
  for i = 1, #items do
    sum = sum + items[i]
  end
  return sum
end

print(string.format("primes %d, stack %.0f", sieve(5000000), stack(2000000)))
