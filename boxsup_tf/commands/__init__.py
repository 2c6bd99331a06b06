"""The program `boxsup`: a file a command, with its flags and one call of the library."""
