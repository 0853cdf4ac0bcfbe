-- Mandelbrot: floating-point numbers in local variables.
local function mandelbrot(size, limit)
  local inside = 0
  local steps = 0
  for row = 0, size - 1 do
    local ci = 2 * row / size - 1
    for column = 0, size - 1 do
      local cr = 2 * column / size - 1.5
      local r, i, rr, ii = 0.0, 0.0, 0.0, 0.0
      local n = 0
      while n < limit and rr + ii <= 4 do
        i = 2 * r * i + ci
        r = rr - ii + cr
        rr = r * r
        ii = i * i
        n = n + 1
      end
      steps = steps + n
      if n == limit then
        inside = inside + 1
      end
    end
  end
  return string.format("inside %d, steps %d", inside, steps)
end

print(mandelbrot(900, 100))
