"""Small clips, and what is read of them."""

from fractions import Fraction

import av
import numpy as np

from ruas_mm.files.video_stream import VideoReader, open_video, write_frames

HEIGHT, WIDTH = 32, 48


def frames(count, shape=(HEIGHT, WIDTH, 3)):
    """Brighter from one to the next; green stands out."""
    for index in range(count):
        frame = np.full(shape, 40 + 3 * index, np.uint8)
        frame[..., 1] += 60
        yield frame


def noise(count, shape=(HEIGHT, WIDTH, 3)):
    state = np.random.RandomState(0)
    for _ in range(count):
        yield state.randint(0, 256, shape).astype(np.uint8)


def read(path):
    with VideoReader(path) as reader:
        return list(reader)


def copied(source, target):
    """What is left when the frames are handed on as they are."""
    with open_video(source) as reader:
        report = write_frames(reader, target, reader.facts)
        report.cut = reader.cut
    return report


def make(path, pictures=None, times=None, **settings):
    """A clip written by PyAV itself, with settings of its encoder."""
    codec = settings.pop('codec', 'libx264')
    rate = settings.pop('rate', 10)
    tone = settings.pop('sound', None)
    tags = settings.pop('tags', {})
    form = settings.pop('form', {})
    pictures = list(frames(6) if pictures is None else pictures)
    with av.open(str(path), 'w', container_options=form) as output:
        output.metadata.update(tags)
        stream = output.add_stream(codec, rate=rate, options={'g': '6'})
        stream.height, stream.width = pictures[0].shape[:2]
        sounds = []
        for codec in tone or ():
            sound = output.add_stream(codec, rate=48000)
            sound.codec_context.layout = 'stereo'
            sounds.append(sound)
        stream.codec_context.time_base = Fraction(1, 100)
        for name, value in settings.items():
            setattr(stream.codec_context, name, value)
        for index, picture in enumerate(pictures):
            kind = 'rgb24' if picture.dtype == np.uint8 else 'rgb48le'
            frame = av.VideoFrame.from_ndarray(picture, kind)
            frame.time_base = Fraction(1, 100)
            frame.pts = index * 10 if times is None else times[index]
            output.mux(stream.encode(frame))
            for sound in sounds:
                output.mux(sound.encode(hum(index)))
        for one in (stream, *sounds):
            output.mux(one.encode(None))
    return path


def hum(index, samples=4800):
    """A tenth of a second."""
    time = np.arange(index * samples, (index + 1) * samples) / 48000
    wave = (9000 * np.sin(2765 * time)).astype(np.int16)
    sound = av.AudioFrame.from_ndarray(wave.repeat(2)[None], 's16', 'stereo')
    sound.sample_rate, sound.pts = 48000, index * samples
    sound.time_base = Fraction(1, 48000)
    return sound


def sounds(path):
    """Bytes of the packets of each sound, and when the first is played."""
    with av.open(str(path)) as source:
        found = {s.index: [] for s in source.streams.audio}
        start = {}
        for packet in source.demux(audio=list(range(len(found)))):
            if packet.size:
                index = packet.stream.index
                start.setdefault(index, packet.pts * packet.time_base)
                found[index].append(bytes(packet))
    return list(found.values()), list(start.values())
