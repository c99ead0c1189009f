"""`python -m service` is `nms-sentinel`."""

from service.cli import main

if __name__ == "__main__":
    main()
