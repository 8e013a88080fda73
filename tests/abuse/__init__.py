"""What somebody writes who means harm, through every way in and out; our own writing."""
