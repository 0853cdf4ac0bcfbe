# Queens: all ways to place queens on a board, by trying rows under arrays of what is still free.
class Board:
    def __init__(self, size):
        self.size = size
        self.free_rows = [True] * size
        self.free_up = [True] * (2 * size)
        self.free_down = [True] * (2 * size)
        self.queens = [0] * size

    def is_free(self, row, column):
        return self.free_rows[row] and self.free_up[column + row] and self.free_down[column - row + self.size]

    def mark(self, row, column, free):
        self.free_rows[row] = free
        self.free_up[column + row] = free
        self.free_down[column - row + self.size] = free

    def solutions(self, column):
        if column == self.size:
            return 1
        count = 0
        for row in range(self.size):
            if self.is_free(row, column):
                self.queens[column] = row
                self.mark(row, column, False)
                count += self.solutions(column + 1)
                self.mark(row, column, True)
        return count


for size in range(8, 13):
    print(f"{size} queens: {Board(size).solutions(0)}")
