"""Orders images that have boxes alone by what a human's mask of each would bring."""

from boxsup_tf.commands import cli

if __name__ == "__main__":
    cli.run_script(__file__)
