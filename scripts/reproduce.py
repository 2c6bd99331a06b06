"""Runs recipes: every row of the paper's tables, with its figure beside ours."""

from boxsup_tf.commands import cli

if __name__ == "__main__":
    cli.run_script(__file__)
