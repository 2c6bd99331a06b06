"""Scores a network of train_cfm on a dataset with candidates."""

from boxsup_tf.commands import cli

if __name__ == "__main__":
    cli.run_script(__file__)
