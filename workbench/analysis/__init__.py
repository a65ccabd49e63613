"""What a search did and why: a page explained, a miss diagnosed, two answers compared, and what an index misses.

All of it looks at what others found; nothing that searches or stores knows of it.
"""
