-- Linked lists and recursion: a function of three lists that are compared by their lengths.
local Cell = {}
Cell.__index = Cell

function Cell:length()
  return self.next and 1 + self.next:length() or 1
end

local function make_list(length)
  if length == 0 then
    return nil
  end
  return setmetatable({ value = length, next = make_list(length - 1) }, Cell)
end

local function is_shorter(x, y)
  while y do
    if not x then
      return true
    end
    x = x.next
    y = y.next
  end
  return false
end

local function tail(x, y, z)
  if is_shorter(y, x) then
    return tail(tail(x.next, y, z), tail(y.next, z, x), tail(z.next, x, y))
  end
  return z
end

local sum = 0
for _ = 1, 60 do
  sum = sum + tail(make_list(18), make_list(12), make_list(6)):length()
end
print(string.format("length %d", sum))
