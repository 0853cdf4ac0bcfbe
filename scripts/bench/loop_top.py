# The same loop at top level: 10^8 additions to a variable of the script.
total = 0
for i in range(100000000):
    total += i

print(f"sum = {total}")
