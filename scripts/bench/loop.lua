-- A counting loop in a function: 10^8 additions.
local function run(turns)
  local sum = 0
  for i = 0, turns - 1 do
    sum = sum + i
  end
  return sum
end

print(string.format("sum = %.0f", run(100000000)))
