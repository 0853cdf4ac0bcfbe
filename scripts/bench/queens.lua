-- Queens: all ways to place queens on a board, by trying rows under arrays of what is still free.
local Board = {}
Board.__index = Board

local function filled(count, value)
  local list = {}
  for i = 1, count do
    list[i] = value
  end
  return list
end

function Board.new(size)
  return setmetatable({
    size = size,
    free_rows = filled(size, true),
    free_up = filled(2 * size, true),
    free_down = filled(2 * size, true),
    queens = filled(size, 0),
  }, Board)
end

function Board:is_free(row, column)
  return self.free_rows[row] and self.free_up[column + row] and self.free_down[column - row + self.size]
end

function Board:mark(row, column, free)
  self.free_rows[row] = free
  self.free_up[column + row] = free
  self.free_down[column - row + self.size] = free
end

function Board:solutions(column)
  if column > self.size then
    return 1
  end
  local count = 0
  for row = 1, self.size do
    if self:is_free(row, column) then
      self.queens[column] = row
      self:mark(row, column, false)
      count = count + self:solutions(column + 1)
      self:mark(row, column, true)
    end
  end
  return count
end

for size = 8, 12 do
  print(string.format("%d queens: %d", size, Board.new(size):solutions(1)))
end
