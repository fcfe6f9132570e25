"""Speed against the peers: ``python -m benchmarks`` runs every work and prints one table.

    works/    what is done: a topic a module, each a list of Work
    peers/    who does it: a library a module, each in its recommended fast set-up
    contest   the words of the game: Work, Contender, Tally
    runner    starts a process for each work and peer, with a time limit
    turn      that process: the base and the peer, slice by slice in turn
    results   what was measured, as values and as JSON
    table, chart, comparison, growth: one way each of looking at results

LOCATION: benchmarks/__init__.py
DEPENDENCIES: none
TRACE POINTS: none
"""
