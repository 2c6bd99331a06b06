"""Trains a network that classifies candidates (CFM), from masks."""

from boxsup_tf.commands import cli

if __name__ == "__main__":
    cli.run_script(__file__)
