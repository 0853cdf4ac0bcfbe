-- Method calls: 10^7 of them, half through an inherited and an overridden method.
local Toggle = {}
Toggle.__index = Toggle

function Toggle.new(state)
  return setmetatable({ state = state }, Toggle)
end

function Toggle:value()
  return self.state
end

function Toggle:activate()
  self.state = not self.state
  return self
end

local NthToggle = setmetatable({}, { __index = Toggle })
NthToggle.__index = NthToggle

function NthToggle.new(state, every)
  local self = Toggle.new(state)
  self.every = every
  self.count = 0
  return setmetatable(self, NthToggle)
end

function NthToggle:activate()
  self.count = self.count + 1
  if self.count >= self.every then
    Toggle.activate(self)
    self.count = 0
  end
  return self
end

local function run(toggle, turns)
  local on = 0
  for _ = 1, turns do
    if toggle:activate():value() then
      on = on + 1
    end
  end
  return on
end

print(string.format("toggle %d, third %d", run(Toggle.new(true), 5000000), run(NthToggle.new(true, 3), 5000000)))
