"""Scores a model on a dataset: IoU of each class, accuracies, scores at boundaries."""

from boxsup_tf.commands import cli

if __name__ == "__main__":
    cli.run_script(__file__)
