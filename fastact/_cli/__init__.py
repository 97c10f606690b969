"""What `python -m fastact` is made of: its commands, and what measures errors and times for them.

The rest of the package does without it.
"""
