-- Throwing and catching: errors that pass through several calls, most turns without one.
local function check(n)
  if n % 4 == 0 then
    error({ message = "bad " .. n % 1000 })
  end
  return n % 10
end

local function deep(n, depth)
  if depth == 0 then
    return check(n)
  end
  return deep(n, depth - 1) + 1
end

local function run(turns)
  local sum = 0
  local failures = 0
  local letters = 0
  for i = 0, turns - 1 do
    local ok, result = pcall(deep, i, i % 5)
    if ok then
      sum = sum + result
    else
      failures = failures + 1
      letters = letters + #result.message
    end
  end
  return string.format("sum %d, failures %d, letters %d", sum, failures, letters)
end

print(run(2000000))
