# A counting loop in a function: 10^8 additions.
def run(turns):
    total = 0
    for i in range(turns):
        total += i
    return total


print(f"sum = {run(100000000)}")
