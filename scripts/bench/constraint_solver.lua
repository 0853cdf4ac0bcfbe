-- A constraint solver after DeltaBlue: one-way constraints with strengths, solved step by step.
local REQUIRED, PREFERRED, STRONG_DEFAULT, NORMAL, WEAKEST = 0, 2, 3, 4, 6

local function extend(base)
  local class = {}
  for name, method in pairs(base) do
    class[name] = method
  end
  class.__index = class
  return class
end

local Variable = extend({})

function Variable.new(value)
  return setmetatable({
    value = value,
    constraints = {},
    determined_by = nil,
    mark = 0,
    strength = WEAKEST,
    stays = true,
  }, Variable)
end

function Variable:forget(constraint)
  local constraints = self.constraints
  for at = 1, #constraints do
    if constraints[at] == constraint then
      table.remove(constraints, at)
      break
    end
  end
  if self.determined_by == constraint then
    self.determined_by = nil
  end
end

local Constraint = extend({})

-- The constraint that this one takes the place of, or nil.
function Constraint:satisfy(mark, planner)
  self:choose_method(mark)
  if not self:is_satisfied() then
    if self.strength == REQUIRED then
      error("a required constraint cannot hold")
    end
    return nil
  end
  self:mark_inputs(mark)
  local output = self:output()
  local overridden = output.determined_by
  if overridden then
    overridden:release()
  end
  output.determined_by = self
  if not planner:propagate(self, mark) then
    error("the constraints form a ring")
  end
  output.mark = mark
  return overridden
end

function Constraint:is_input()
  return false
end

local UnaryConstraint = extend(Constraint)

local function new_unary(class, variable, strength)
  return setmetatable({ strength = strength, variable = variable, satisfied = false }, class)
end

function UnaryConstraint:connect()
  local constraints = self.variable.constraints
  constraints[#constraints + 1] = self
  self.satisfied = false
end

function UnaryConstraint:disconnect()
  self.variable:forget(self)
  self.satisfied = false
end

function UnaryConstraint:choose_method(mark)
  self.satisfied = self.variable.mark ~= mark and self.strength < self.variable.strength
end

function UnaryConstraint:is_satisfied()
  return self.satisfied
end

function UnaryConstraint:release()
  self.satisfied = false
end

function UnaryConstraint:output()
  return self.variable
end

function UnaryConstraint:mark_inputs(_)
end

function UnaryConstraint:inputs_known(_)
  return true
end

function UnaryConstraint:recalculate()
  self.variable.strength = self.strength
  self.variable.stays = not self:is_input()
end

function UnaryConstraint:execute()
end

local Stay = extend(UnaryConstraint)

function Stay.new(variable, strength)
  return new_unary(Stay, variable, strength)
end

local Edit = extend(UnaryConstraint)

function Edit.new(variable, strength)
  return new_unary(Edit, variable, strength)
end

function Edit:is_input()
  return true
end

local Equality = extend(Constraint)

function Equality.new(first, second, strength)
  return setmetatable({ strength = strength, first = first, second = second, from = nil, to = nil }, Equality)
end

function Equality:connect()
  local constraints = self.first.constraints
  constraints[#constraints + 1] = self
  constraints = self.second.constraints
  constraints[#constraints + 1] = self
  self.to = nil
end

function Equality:disconnect()
  self.first:forget(self)
  self.second:forget(self)
  self.to = nil
end

function Equality:direct(from, to)
  if self.strength < to.strength then
    self.from = from
    self.to = to
  else
    self.to = nil
  end
end

function Equality:choose_method(mark)
  local first = self.first
  local second = self.second
  if first.mark == mark then
    if second.mark == mark then
      self.to = nil
    else
      self:direct(first, second)
    end
  elseif second.mark == mark or first.strength > second.strength then
    self:direct(second, first)
  else
    self:direct(first, second)
  end
end

function Equality:is_satisfied()
  return self.to ~= nil
end

function Equality:release()
  self.to = nil
end

function Equality:output()
  return self.to
end

function Equality:mark_inputs(mark)
  self.from.mark = mark
end

function Equality:inputs_known(mark)
  local from = self.from
  return from.mark == mark or from.stays or from.determined_by == nil
end

function Equality:recalculate()
  local from = self.from
  local to = self.to
  to.strength = self.strength > from.strength and self.strength or from.strength
  to.stays = self:inputs_stay()
  if to.stays then
    self:execute()
  end
end

function Equality:inputs_stay()
  return self.from.stays
end

function Equality:execute()
  self.to.value = self.from.value
end

local Scaling = extend(Equality)

function Scaling.new(first, scale, offset, second, strength)
  local scaling = Equality.new(first, second, strength)
  scaling.scale = scale
  scaling.offset = offset
  return setmetatable(scaling, Scaling)
end

function Scaling:connect()
  Equality.connect(self)
  local constraints = self.scale.constraints
  constraints[#constraints + 1] = self
  constraints = self.offset.constraints
  constraints[#constraints + 1] = self
end

function Scaling:disconnect()
  Equality.disconnect(self)
  self.scale:forget(self)
  self.offset:forget(self)
end

function Scaling:mark_inputs(mark)
  self.from.mark = mark
  self.scale.mark = mark
  self.offset.mark = mark
end

function Scaling:inputs_stay()
  return self.from.stays and self.scale.stays and self.offset.stays
end

function Scaling:execute()
  if self.to == self.second then
    self.to.value = self.from.value * self.scale.value + self.offset.value
  else
    self.to.value = (self.from.value - self.offset.value) / self.scale.value
  end
end

local Planner = extend({})

function Planner.new()
  return setmetatable({ last_mark = 0 }, Planner)
end

function Planner:new_mark()
  self.last_mark = self.last_mark + 1
  return self.last_mark
end

function Planner:add(constraint)
  constraint:connect()
  self:satisfy(constraint)
  return constraint
end

function Planner:satisfy(constraint)
  local mark = self:new_mark()
  local overridden = constraint:satisfy(mark, self)
  while overridden do
    overridden = overridden:satisfy(mark, self)
  end
end

function Planner:remove(constraint)
  if not constraint:is_satisfied() then
    constraint:disconnect()
    return
  end
  local output = constraint:output()
  constraint:release()
  constraint:disconnect()
  local unsatisfied = self:unsatisfied_behind(output)
  for strength = REQUIRED, WEAKEST do
    for i = 1, #unsatisfied do
      local other = unsatisfied[i]
      if other.strength == strength then
        self:satisfy(other)
      end
    end
  end
end

function Planner:propagate(constraint, mark)
  local todo = { constraint }
  while #todo > 0 do
    local next = table.remove(todo)
    local output = next:output()
    if output.mark == mark then
      self:remove(constraint)
      return false
    end
    next:recalculate()
    self:collect_consumers(output, todo)
  end
  return true
end

function Planner:unsatisfied_behind(output)
  output.determined_by = nil
  output.strength = WEAKEST
  output.stays = true
  local unsatisfied = {}
  local todo = { output }
  while #todo > 0 do
    local variable = table.remove(todo)
    local determined_by = variable.determined_by
    local constraints = variable.constraints
    for i = 1, #constraints do
      local constraint = constraints[i]
      if not constraint:is_satisfied() then
        unsatisfied[#unsatisfied + 1] = constraint
      elseif constraint ~= determined_by then
        constraint:recalculate()
        todo[#todo + 1] = constraint:output()
      end
    end
  end
  return unsatisfied
end

function Planner:collect_consumers(variable, list)
  local determined_by = variable.determined_by
  local constraints = variable.constraints
  for i = 1, #constraints do
    local constraint = constraints[i]
    if constraint ~= determined_by and constraint:is_satisfied() then
      list[#list + 1] = constraint
    end
  end
end

-- What to execute, in this order, when an edited variable has got a value.
function Planner:plan_for(edit)
  local mark = self:new_mark()
  local plan = {}
  local todo = {}
  if edit:is_input() and edit:is_satisfied() then
    todo[1] = edit
  end
  while #todo > 0 do
    local constraint = table.remove(todo)
    local output = constraint:output()
    if output.mark ~= mark and constraint:inputs_known(mark) then
      plan[#plan + 1] = constraint
      output.mark = mark
      self:collect_consumers(output, todo)
    end
  end
  return plan
end

local function execute(plan)
  for i = 1, #plan do
    plan[i]:execute()
  end
end

local function check(variable, value)
  if variable.value ~= value then
    error(variable.value .. " instead of " .. value)
  end
end

-- Variables in a row, each equal to the one before: a value goes from end to end.
local function chain(length, turns)
  local planner = Planner.new()
  local first = Variable.new(0)
  local last = first
  for _ = 1, length do
    local next = Variable.new(0)
    planner:add(Equality.new(last, next, REQUIRED))
    last = next
  end
  planner:add(Stay.new(last, STRONG_DEFAULT))
  local edit = planner:add(Edit.new(first, PREFERRED))
  local plan = planner:plan_for(edit)
  for i = 0, turns - 1 do
    first.value = i
    execute(plan)
    check(last, i)
  end
  planner:remove(edit)
  return #plan
end

local function change(planner, variable, value)
  local edit = planner:add(Edit.new(variable, PREFERRED))
  local plan = planner:plan_for(edit)
  for _ = 1, 10 do
    variable.value = value
    execute(plan)
  end
  planner:remove(edit)
  return #plan
end

-- Pairs of variables with a scale and an offset between them that all pairs share.
local function projection(count)
  local planner = Planner.new()
  local scale = Variable.new(10)
  local offset = Variable.new(1000)
  local sources = {}
  local targets = {}
  for i = 1, count do
    local source = Variable.new(i - 1)
    local target = Variable.new(i - 1)
    sources[i] = source
    targets[i] = target
    planner:add(Stay.new(source, NORMAL))
    planner:add(Scaling.new(source, scale, offset, target, REQUIRED))
  end
  local steps = change(planner, sources[count], 17)
  check(targets[count], 1170)
  steps = steps + change(planner, targets[count], 1050)
  check(sources[count], 5)
  steps = steps + change(planner, scale, 5)
  for i = 1, count - 1 do
    check(targets[i], (i - 1) * 5 + 1000)
  end
  steps = steps + change(planner, offset, 2000)
  for i = 1, count - 1 do
    check(targets[i], (i - 1) * 5 + 2000)
  end
  return steps
end

local steps = 0
for _ = 1, 10 do
  steps = steps + chain(5000, 20) + projection(5000)
end
print(string.format("steps %d", steps))
