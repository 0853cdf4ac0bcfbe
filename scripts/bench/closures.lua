-- Closures: making a million, and calling through captured variables.
local function counter(step)
  local n = 0
  return function()
    n = n + step
    return n
  end
end

local function compose(f, g)
  return function(x)
    return f(g(x))
  end
end

local function make(turns)
  local sum = 0
  for i = 0, turns - 1 do
    local tick = counter(i % 7)
    tick()
    sum = sum + tick()
  end
  return sum
end

local function call(turns)
  local tick = counter(3)
  local both = compose(function(x) return x + 1 end, function(x) return x * 2 end)
  local sum = 0
  for i = 0, turns - 1 do
    sum = sum + both(i) + tick()
  end
  return sum
end

print(string.format("made %.0f, called %.0f", make(2000000), call(5000000)))
