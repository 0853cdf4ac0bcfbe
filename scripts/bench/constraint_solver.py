# A constraint solver after DeltaBlue: one-way constraints with strengths, solved step by step.
REQUIRED = 0
PREFERRED = 2
STRONG_DEFAULT = 3
NORMAL = 4
WEAKEST = 6


class Variable:
    def __init__(self, value):
        self.value = value
        self.constraints = []
        self.determined_by = None
        self.mark = 0
        self.strength = WEAKEST
        self.stays = True

    def forget(self, constraint):
        self.constraints.remove(constraint)
        if self.determined_by is constraint:
            self.determined_by = None


class Constraint:
    def __init__(self, strength):
        self.strength = strength

    def satisfy(self, mark, planner):
        """The constraint that this one takes the place of, or None."""
        self.choose_method(mark)
        if not self.is_satisfied():
            if self.strength == REQUIRED:
                raise ValueError("a required constraint cannot hold")
            return None
        self.mark_inputs(mark)
        output = self.output()
        overridden = output.determined_by
        if overridden is not None:
            overridden.release()
        output.determined_by = self
        if not planner.propagate(self, mark):
            raise ValueError("the constraints form a ring")
        output.mark = mark
        return overridden

    def is_input(self):
        return False


class UnaryConstraint(Constraint):
    def __init__(self, variable, strength):
        super().__init__(strength)
        self.variable = variable
        self.satisfied = False

    def connect(self):
        self.variable.constraints.append(self)
        self.satisfied = False

    def disconnect(self):
        self.variable.forget(self)
        self.satisfied = False

    def choose_method(self, mark):
        self.satisfied = self.variable.mark != mark and self.strength < self.variable.strength

    def is_satisfied(self):
        return self.satisfied

    def release(self):
        self.satisfied = False

    def output(self):
        return self.variable

    def mark_inputs(self, mark):
        pass

    def inputs_known(self, mark):
        return True

    def recalculate(self):
        self.variable.strength = self.strength
        self.variable.stays = not self.is_input()

    def execute(self):
        pass


class Stay(UnaryConstraint):
    pass


class Edit(UnaryConstraint):
    def is_input(self):
        return True


class Equality(Constraint):
    def __init__(self, first, second, strength):
        super().__init__(strength)
        self.first = first
        self.second = second
        self.source = None
        self.target = None

    def connect(self):
        self.first.constraints.append(self)
        self.second.constraints.append(self)
        self.target = None

    def disconnect(self):
        self.first.forget(self)
        self.second.forget(self)
        self.target = None

    def direct(self, source, target):
        if self.strength < target.strength:
            self.source = source
            self.target = target
        else:
            self.target = None

    def choose_method(self, mark):
        first = self.first
        second = self.second
        if first.mark == mark:
            if second.mark == mark:
                self.target = None
            else:
                self.direct(first, second)
        elif second.mark == mark or first.strength > second.strength:
            self.direct(second, first)
        else:
            self.direct(first, second)

    def is_satisfied(self):
        return self.target is not None

    def release(self):
        self.target = None

    def output(self):
        return self.target

    def mark_inputs(self, mark):
        self.source.mark = mark

    def inputs_known(self, mark):
        source = self.source
        return source.mark == mark or source.stays or source.determined_by is None

    def recalculate(self):
        source = self.source
        target = self.target
        target.strength = self.strength if self.strength > source.strength else source.strength
        target.stays = self.inputs_stay()
        if target.stays:
            self.execute()

    def inputs_stay(self):
        return self.source.stays

    def execute(self):
        self.target.value = self.source.value


class Scaling(Equality):
    def __init__(self, first, scale, offset, second, strength):
        super().__init__(first, second, strength)
        self.scale = scale
        self.offset = offset

    def connect(self):
        super().connect()
        self.scale.constraints.append(self)
        self.offset.constraints.append(self)

    def disconnect(self):
        super().disconnect()
        self.scale.forget(self)
        self.offset.forget(self)

    def mark_inputs(self, mark):
        self.source.mark = mark
        self.scale.mark = mark
        self.offset.mark = mark

    def inputs_stay(self):
        return self.source.stays and self.scale.stays and self.offset.stays

    def execute(self):
        if self.target is self.second:
            self.target.value = self.source.value * self.scale.value + self.offset.value
        else:
            self.target.value = (self.source.value - self.offset.value) / self.scale.value


class Planner:
    def __init__(self):
        self.last_mark = 0

    def new_mark(self):
        self.last_mark += 1
        return self.last_mark

    def add(self, constraint):
        constraint.connect()
        self.satisfy(constraint)
        return constraint

    def satisfy(self, constraint):
        mark = self.new_mark()
        overridden = constraint.satisfy(mark, self)
        while overridden is not None:
            overridden = overridden.satisfy(mark, self)

    def remove(self, constraint):
        if not constraint.is_satisfied():
            constraint.disconnect()
            return
        output = constraint.output()
        constraint.release()
        constraint.disconnect()
        unsatisfied = self.unsatisfied_behind(output)
        for strength in range(REQUIRED, WEAKEST + 1):
            for other in unsatisfied:
                if other.strength == strength:
                    self.satisfy(other)

    def propagate(self, constraint, mark):
        todo = [constraint]
        while todo:
            following = todo.pop()
            output = following.output()
            if output.mark == mark:
                self.remove(constraint)
                return False
            following.recalculate()
            self.collect_consumers(output, todo)
        return True

    def unsatisfied_behind(self, output):
        output.determined_by = None
        output.strength = WEAKEST
        output.stays = True
        unsatisfied = []
        todo = [output]
        while todo:
            variable = todo.pop()
            determined_by = variable.determined_by
            for constraint in variable.constraints:
                if not constraint.is_satisfied():
                    unsatisfied.append(constraint)
                elif constraint is not determined_by:
                    constraint.recalculate()
                    todo.append(constraint.output())
        return unsatisfied

    def collect_consumers(self, variable, items):
        determined_by = variable.determined_by
        for constraint in variable.constraints:
            if constraint is not determined_by and constraint.is_satisfied():
                items.append(constraint)

    def plan_for(self, edit):
        """What to execute, in this order, when an edited variable has got a value."""
        mark = self.new_mark()
        plan = []
        todo = []
        if edit.is_input() and edit.is_satisfied():
            todo.append(edit)
        while todo:
            constraint = todo.pop()
            output = constraint.output()
            if output.mark != mark and constraint.inputs_known(mark):
                plan.append(constraint)
                output.mark = mark
                self.collect_consumers(output, todo)
        return plan


def execute(plan):
    for constraint in plan:
        constraint.execute()


def check(variable, value):
    if variable.value != value:
        raise ValueError(f"{variable.value} instead of {value}")


def chain(length, turns):
    """Variables in a row, each equal to the one before: a value goes from end to end."""
    planner = Planner()
    first = Variable(0)
    last = first
    for _ in range(length):
        following = Variable(0)
        planner.add(Equality(last, following, REQUIRED))
        last = following
    planner.add(Stay(last, STRONG_DEFAULT))
    edit = planner.add(Edit(first, PREFERRED))
    plan = planner.plan_for(edit)
    for i in range(turns):
        first.value = i
        execute(plan)
        check(last, i)
    planner.remove(edit)
    return len(plan)


def change(planner, variable, value):
    edit = planner.add(Edit(variable, PREFERRED))
    plan = planner.plan_for(edit)
    for _ in range(10):
        variable.value = value
        execute(plan)
    planner.remove(edit)
    return len(plan)


def projection(count):
    """Pairs of variables with a scale and an offset between them that all pairs share."""
    planner = Planner()
    scale = Variable(10)
    offset = Variable(1000)
    sources = []
    targets = []
    for i in range(count):
        source = Variable(i)
        target = Variable(i)
        sources.append(source)
        targets.append(target)
        planner.add(Stay(source, NORMAL))
        planner.add(Scaling(source, scale, offset, target, REQUIRED))
    steps = change(planner, sources[count - 1], 17)
    check(targets[count - 1], 1170)
    steps += change(planner, targets[count - 1], 1050)
    check(sources[count - 1], 5)
    steps += change(planner, scale, 5)
    for i in range(count - 1):
        check(targets[i], i * 5 + 1000)
    steps += change(planner, offset, 2000)
    for i in range(count - 1):
        check(targets[i], i * 5 + 2000)
    return steps


steps = 0
for _ in range(10):
    steps += chain(5000, 20) + projection(5000)
print(f"steps {steps}")
