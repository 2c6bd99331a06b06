"""Shows in a browser which candidate a box chooses, and why."""

from boxsup_tf.commands import cli

if __name__ == "__main__":
    cli.run_script(__file__)
