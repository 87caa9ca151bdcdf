def finish(*a): pass
