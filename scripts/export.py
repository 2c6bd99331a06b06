"""Exports a trained model as a SavedModel that needs TensorFlow alone, or in one file."""

from boxsup_tf.commands import cli

if __name__ == "__main__":
    cli.run_script(__file__)
