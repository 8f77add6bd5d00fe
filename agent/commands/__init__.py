"""The verbs, one file each. Their modules import click alone; what they need, they import when they run."""
