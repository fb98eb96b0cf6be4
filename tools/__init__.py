"""What noxfile.py is made of; go.mod here and in charts pin the Go programs."""
