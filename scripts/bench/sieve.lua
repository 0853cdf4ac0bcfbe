-- Sieve: the primes below a million, several times; booleans in a long array.
local function primes(limit)
  local composite = {}
  for i = 1, limit do
    composite[i] = false
  end
  local count = 0
  for i = 2, limit do
    if not composite[i] then
      count = count + 1
      for k = i + i, limit, i do
        composite[k] = true
      end
    end
  end
  return count
end

local sum = 0
for turn = 0, 11 do
  sum = sum + primes(1000000 - turn)
end
print(string.format("primes %d", sum))
