-- Towers of Hanoi: disks as linked objects on piles.
local Towers = {}
Towers.__index = Towers

function Towers.new(disks)
  local towers = setmetatable({ piles = { false, false, false }, moves = 0 }, Towers)
  for size = disks, 1, -1 do
    towers:push({ size = size, next = false }, 1)
  end
  return towers
end

function Towers:push(disk, pile)
  local top = self.piles[pile]
  if top and disk.size >= top.size then
    error("a big disk on a small one")
  end
  disk.next = top
  self.piles[pile] = disk
end

function Towers:pop(pile)
  local top = self.piles[pile]
  if not top then
    error("no disk on the pile")
  end
  self.piles[pile] = top.next
  top.next = false
  return top
end

function Towers:move(disks, from, to)
  if disks == 1 then
    self:push(self:pop(from), to)
    self.moves = self.moves + 1
    return
  end
  local other = 6 - from - to
  self:move(disks - 1, from, other)
  self:move(1, from, to)
  self:move(disks - 1, other, to)
end

local towers = Towers.new(22)
towers:move(22, 1, 3)
print(string.format("moves %d", towers.moves))
