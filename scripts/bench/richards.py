# A scheduler after Martin Richards's: tasks by priority that pass packets to each other.
IDLE, WORKER, HANDLER_A, HANDLER_B, DEVICE_A, DEVICE_B = range(6)
KIND_DEVICE, KIND_WORK = range(2)


class Packet:
    def __init__(self, link, to, kind):
        self.link = link
        self.to = to
        self.kind = kind
        self.datum = 0
        self.data = [0, 0, 0, 0]


def append(packet, queue):
    packet.link = None
    if queue is None:
        return packet
    last = queue
    while last.link is not None:
        last = last.link
    last.link = packet
    return queue


class Task:
    def __init__(self, scheduler, id, priority, queue):
        self.scheduler = scheduler
        self.id = id
        self.priority = priority
        self.queue = queue
        self.pending = queue is not None
        self.waiting = True
        self.held = False
        self.next = scheduler.add(self)

    def is_blocked(self):
        return self.held or (self.waiting and not self.pending)

    def resume(self):
        packet = None
        if self.waiting and self.pending:
            packet = self.queue
            self.queue = packet.link
            self.waiting = False
            self.pending = self.queue is not None
        return self.run(packet)

    def receive(self, packet, current):
        """Takes a packet, and says which of two tasks goes on."""
        if self.queue is None:
            self.queue = packet
            self.pending = True
            return self if self.priority > current.priority else current
        self.queue = append(packet, self.queue)
        return current


class Idle(Task):
    def __init__(self, scheduler, count):
        super().__init__(scheduler, IDLE, 0, None)
        self.waiting = False
        self.state = 1
        self.count = count

    def run(self, packet):
        self.count -= 1
        if self.count == 0:
            return self.scheduler.hold()
        self.state = (self.state * 1309 + 13849) % 65536
        return self.scheduler.release(DEVICE_A if self.state < 32768 else DEVICE_B)


class Worker(Task):
    def __init__(self, scheduler, queue):
        super().__init__(scheduler, WORKER, 1000, queue)
        self.handler = HANDLER_A
        self.letter = 0

    def run(self, packet):
        if packet is None:
            return self.scheduler.wait()
        self.handler = HANDLER_B if self.handler == HANDLER_A else HANDLER_A
        packet.to = self.handler
        packet.datum = 0
        for i in range(4):
            self.letter += 1
            if self.letter > 26:
                self.letter = 1
            packet.data[i] = self.letter
        return self.scheduler.send(packet)


class Handler(Task):
    def __init__(self, scheduler, id, priority, queue):
        super().__init__(scheduler, id, priority, queue)
        self.work = None
        self.devices = None

    def run(self, packet):
        if packet is not None:
            if packet.kind == KIND_WORK:
                self.work = append(packet, self.work)
            else:
                self.devices = append(packet, self.devices)
        work = self.work
        if work is not None:
            count = work.datum
            if count == 4:
                self.work = work.link
                return self.scheduler.send(work)
            device = self.devices
            if device is not None:
                self.devices = device.link
                device.datum = work.data[count]
                work.datum = count + 1
                return self.scheduler.send(device)
        return self.scheduler.wait()


class Device(Task):
    def __init__(self, scheduler, id, priority):
        super().__init__(scheduler, id, priority, None)
        self.kept = None

    def run(self, packet):
        if packet is not None:
            self.kept = packet
            return self.scheduler.hold()
        kept = self.kept
        if kept is None:
            return self.scheduler.wait()
        self.kept = None
        return self.scheduler.send(kept)


class Scheduler:
    def __init__(self):
        self.tasks = [None] * 6
        self.first = None
        self.current = None
        self.sent = 0
        self.holds = 0

    def add(self, task):
        following = self.first
        self.first = task
        self.tasks[task.id] = task
        return following

    def run(self):
        self.current = self.first
        while self.current is not None:
            self.current = self.current.next if self.current.is_blocked() else self.current.resume()

    def hold(self):
        self.holds += 1
        self.current.held = True
        return self.current.next

    def release(self, id):
        task = self.tasks[id]
        task.held = False
        return task if task.priority > self.current.priority else self.current

    def wait(self):
        self.current.waiting = True
        return self.current

    def send(self, packet):
        task = self.tasks[packet.to]
        self.sent += 1
        packet.link = None
        packet.to = self.current.id
        return task.receive(packet, self.current)


def packets(count, to, kind):
    queue = None
    for _ in range(count):
        queue = Packet(queue, to, kind)
    return queue


def run(count):
    scheduler = Scheduler()
    Idle(scheduler, count)
    Worker(scheduler, packets(2, WORKER, KIND_WORK))
    Handler(scheduler, HANDLER_A, 2000, packets(3, DEVICE_A, KIND_DEVICE))
    Handler(scheduler, HANDLER_B, 3000, packets(3, DEVICE_B, KIND_DEVICE))
    Device(scheduler, DEVICE_A, 4000)
    Device(scheduler, DEVICE_B, 5000)
    scheduler.run()
    return scheduler


sent = 0
holds = 0
for turn in range(40):
    scheduler = run(10000 + turn)
    sent += scheduler.sent
    holds += scheduler.holds
print(f"sent {sent}, held {holds}")
