-- A scheduler after Martin Richards's: tasks by priority that pass packets to each other.
local IDLE, WORKER, HANDLER_A, HANDLER_B, DEVICE_A, DEVICE_B = 1, 2, 3, 4, 5, 6
local KIND_DEVICE, KIND_WORK = 0, 1

local function new_packet(link, to, kind)
  return { link = link, to = to, kind = kind, datum = 0, data = { 0, 0, 0, 0 } }
end

local function append(packet, queue)
  packet.link = nil
  if not queue then
    return packet
  end
  local last = queue
  while last.link do
    last = last.link
  end
  last.link = packet
  return queue
end

local Task = {}
Task.__index = Task

local function extend(base)
  local class = {}
  for name, method in pairs(base) do
    class[name] = method
  end
  class.__index = class
  return class
end

local function new_task(class, scheduler, id, priority, queue)
  local task = setmetatable({
    scheduler = scheduler,
    id = id,
    priority = priority,
    queue = queue,
    pending = queue ~= nil,
    waiting = true,
    held = false,
  }, class)
  task.next = scheduler:add(task)
  return task
end

function Task:is_blocked()
  return self.held or (self.waiting and not self.pending)
end

function Task:resume()
  local packet = nil
  if self.waiting and self.pending then
    packet = self.queue
    self.queue = packet.link
    self.waiting = false
    self.pending = self.queue ~= nil
  end
  return self:run(packet)
end

-- Takes a packet, and says which of two tasks goes on.
function Task:receive(packet, current)
  if not self.queue then
    self.queue = packet
    self.pending = true
    return self.priority > current.priority and self or current
  end
  self.queue = append(packet, self.queue)
  return current
end

local Idle = extend(Task)

function Idle.new(scheduler, count)
  local task = new_task(Idle, scheduler, IDLE, 0, nil)
  task.waiting = false
  task.state = 1
  task.count = count
  return task
end

function Idle:run(_)
  self.count = self.count - 1
  if self.count == 0 then
    return self.scheduler:hold()
  end
  self.state = (self.state * 1309 + 13849) % 65536
  return self.scheduler:release(self.state < 32768 and DEVICE_A or DEVICE_B)
end

local Worker = extend(Task)

function Worker.new(scheduler, queue)
  local task = new_task(Worker, scheduler, WORKER, 1000, queue)
  task.handler = HANDLER_A
  task.letter = 0
  return task
end

function Worker:run(packet)
  if not packet then
    return self.scheduler:wait()
  end
  self.handler = self.handler == HANDLER_A and HANDLER_B or HANDLER_A
  packet.to = self.handler
  packet.datum = 0
  for i = 1, 4 do
    self.letter = self.letter + 1
    if self.letter > 26 then
      self.letter = 1
    end
    packet.data[i] = self.letter
  end
  return self.scheduler:send(packet)
end

local Handler = extend(Task)

function Handler.new(scheduler, id, priority, queue)
  return new_task(Handler, scheduler, id, priority, queue)
end

function Handler:run(packet)
  if packet then
    if packet.kind == KIND_WORK then
      self.work = append(packet, self.work)
    else
      self.devices = append(packet, self.devices)
    end
  end
  local work = self.work
  if work then
    local count = work.datum
    if count == 4 then
      self.work = work.link
      return self.scheduler:send(work)
    end
    local device = self.devices
    if device then
      self.devices = device.link
      device.datum = work.data[count + 1]
      work.datum = count + 1
      return self.scheduler:send(device)
    end
  end
  return self.scheduler:wait()
end

local Device = extend(Task)

function Device.new(scheduler, id, priority)
  return new_task(Device, scheduler, id, priority, nil)
end

function Device:run(packet)
  if packet then
    self.kept = packet
    return self.scheduler:hold()
  end
  local kept = self.kept
  if not kept then
    return self.scheduler:wait()
  end
  self.kept = nil
  return self.scheduler:send(kept)
end

local Scheduler = {}
Scheduler.__index = Scheduler

function Scheduler.new()
  return setmetatable({ tasks = {}, first = nil, current = nil, sent = 0, holds = 0 }, Scheduler)
end

function Scheduler:add(task)
  local next = self.first
  self.first = task
  self.tasks[task.id] = task
  return next
end

function Scheduler:run()
  self.current = self.first
  while self.current do
    if self.current:is_blocked() then
      self.current = self.current.next
    else
      self.current = self.current:resume()
    end
  end
end

function Scheduler:hold()
  self.holds = self.holds + 1
  self.current.held = true
  return self.current.next
end

function Scheduler:release(id)
  local task = self.tasks[id]
  task.held = false
  return task.priority > self.current.priority and task or self.current
end

function Scheduler:wait()
  self.current.waiting = true
  return self.current
end

function Scheduler:send(packet)
  local task = self.tasks[packet.to]
  self.sent = self.sent + 1
  packet.link = nil
  packet.to = self.current.id
  return task:receive(packet, self.current)
end

local function packets(count, to, kind)
  local queue = nil
  for _ = 1, count do
    queue = new_packet(queue, to, kind)
  end
  return queue
end

local function run(count)
  local scheduler = Scheduler.new()
  Idle.new(scheduler, count)
  Worker.new(scheduler, packets(2, WORKER, KIND_WORK))
  Handler.new(scheduler, HANDLER_A, 2000, packets(3, DEVICE_A, KIND_DEVICE))
  Handler.new(scheduler, HANDLER_B, 3000, packets(3, DEVICE_B, KIND_DEVICE))
  Device.new(scheduler, DEVICE_A, 4000)
  Device.new(scheduler, DEVICE_B, 5000)
  scheduler:run()
  return scheduler
end

local sent = 0
local holds = 0
for turn = 0, 39 do
  local scheduler = run(10000 + turn)
  sent = sent + scheduler.sent
  holds = holds + scheduler.holds
end
print(string.format("sent %d, held %d", sent, holds))
