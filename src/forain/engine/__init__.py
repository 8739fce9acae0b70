"""When things run: the timetable, the queue, the worker. The only folder that knows the queue."""
