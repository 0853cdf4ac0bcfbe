-- Bouncing balls: methods that read and write the properties of many objects.
local abs, floor = math.abs, math.floor

local Random = {}
Random.__index = Random

function Random.new(seed)
  return setmetatable({ state = seed }, Random)
end

function Random:next(limit)
  self.state = (self.state * 1103515 + 12345) % 2147483648
  return floor(self.state / 8) % limit
end

local Ball = {}
Ball.__index = Ball

function Ball.new(random)
  return setmetatable({
    x = random:next(500),
    y = random:next(500),
    dx = random:next(300) / 10 - 15,
    dy = random:next(300) / 10 - 15,
  }, Ball)
end

function Ball:bounce()
  local bounced = false
  self.x = self.x + self.dx
  self.y = self.y + self.dy
  if self.x > 500 then
    self.x = 500
    self.dx = -abs(self.dx)
    bounced = true
  end
  if self.x < 0 then
    self.x = 0
    self.dx = abs(self.dx)
    bounced = true
  end
  if self.y > 500 then
    self.y = 500
    self.dy = -abs(self.dy)
    bounced = true
  end
  if self.y < 0 then
    self.y = 0
    self.dy = abs(self.dy)
    bounced = true
  end
  return bounced
end

local function run(count, turns)
  local random = Random.new(74755)
  local balls = {}
  for i = 1, count do
    balls[i] = Ball.new(random)
  end
  local bounces = 0
  for _ = 1, turns do
    for i = 1, count do
      if balls[i]:bounce() then
        bounces = bounces + 1
      end
    end
  end
  return bounces
end

print(string.format("bounces %d", run(100, 100000)))
