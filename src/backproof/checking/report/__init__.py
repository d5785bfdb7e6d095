"""What a run found, told to a person (`text`) and to a program (`json`)."""
