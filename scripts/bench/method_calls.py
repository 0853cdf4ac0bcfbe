# Method calls: 10^7 of them, half through an inherited and an overridden method.
class Toggle:
    def __init__(self, state):
        self.state = state

    def value(self):
        return self.state

    def activate(self):
        self.state = not self.state
        return self


class NthToggle(Toggle):
    def __init__(self, state, every):
        super().__init__(state)
        self.every = every
        self.count = 0

    def activate(self):
        self.count += 1
        if self.count >= self.every:
            super().activate()
            self.count = 0
        return self


def run(toggle, turns):
    on = 0
    for _ in range(turns):
        if toggle.activate().value():
            on += 1
    return on


print(f"toggle {run(Toggle(True), 5000000)}, third {run(NthToggle(True, 3), 5000000)}")
