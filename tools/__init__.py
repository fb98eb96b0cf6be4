"""What noxfile.py is made of; tools/go.mod beside it pins the Go programs."""
