-- The same loop at top level: 10^8 additions to a variable of the script.
local sum = 0
for i = 0, 100000000 - 1 do
  sum = sum + i
end

print(string.format("sum = %.0f", sum))
