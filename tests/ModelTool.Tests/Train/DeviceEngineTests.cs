using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using ModelTool.Graph;
using ModelTool.Tests.Support;
using ModelTool.Train;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Tests.Train;

/// <summary>The update in the graph, on the CPU. What both ways have in common is in <see cref="TrainEngineTests"/>.</summary>
public sealed class DeviceEngineTests : IDisposable
{
    private static readonly HeadSpec[] Heads = [.. TinyBert.Heads.Values.Where(head => head.Kind != HeadKind.Embedding)];

    private readonly TrainDevice _cpu = TrainDevice.Cpu();

    [Theory]
    [InlineData("")]
    [InlineData("encoder.layer.1. pooler. heads.")]
    [InlineData("embeddings. heads.hate.")]
    [InlineData("embeddings.word")]
    public void Step_ShouldDoAsTheOtherWayDoes_WhenManyStepsAreTaken(string trained)
    {
        using var beside = Load(trained);
        using var within = Load(trained);
        using var one = Engines.Open(inGraph: false, Heads, beside, Options(beside), _cpu);
        using var other = Engines.Open(inGraph: true, Heads, within, Options(within), _cpu);
        Assert.Equal(one.Updated, other.Updated);

        for (var step = 0; step < 20; step++)
        {
            var batch = Batch(step);
            var rate = 1e-4 * (20 - step);
            var (expected, actual) = (one.Step(batch, rate), other.Step(batch, rate));
            Assert.All(expected.Losses, loss => Assert.Equal(loss.Value, actual.Losses[loss.Key], 1e-4 * Math.Abs(loss.Value)));
            Assert.Equal(expected.GradientNorm, actual.GradientNorm, 1e-3 * expected.GradientNorm);
            Assert.True(expected.GradientNorm > 0.5, $"no clipping at {expected.GradientNorm}");
        }

        other.Collect();
        Assert.All(beside.All.Where(parameter => parameter.Gradient is not null), parameter =>
        {
            Close(parameter.Value, within[parameter.Name].Value, 2e-5);
            Close(parameter.Average!, within[parameter.Name].Average!, 2e-5);
            Close(parameter.Moment1!, within[parameter.Name].Moment1!, 2e-6);
            Close(parameter.Moment2!, within[parameter.Name].Moment2!, 2e-6);
        });
        Assert.All(beside.All.Where(parameter => parameter.Gradient is null), parameter => Assert.Equal(parameter.Value.Span, within[parameter.Name].Value.Span));

        static void Close(NativeTensor expected, NativeTensor actual, double tolerance) =>
            Assert.All(expected.Span.ToArray().Zip(actual.Span.ToArray()), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }

    [Fact]
    public void Step_ShouldGiveTheSameWeightsToTheBit_WhenAnotherEngineGoesOn()
    {
        using var whole = Load("");
        using var parts = Load("");
        using (var engine = Engines.Open(inGraph: true, Heads, whole, Options(whole), _cpu))
        {
            Steps(engine, 0, 6);
        }

        foreach (var from in (int[])[0, 3])
        {
            using var engine = Engines.Open(inGraph: true, Heads, parts, Options(parts), _cpu);
            engine.Steps = from;
            Steps(engine, from, from + 3);
        }

        Assert.All(whole.All, parameter => Assert.All(Enum.GetValues<StateKind>(), kind =>
            Assert.Equal(parameter.Of(kind)!.Span, parts[parameter.Name].Of(kind)!.Span)));

        static void Steps(ITrainEngine engine, int from, int to)
        {
            for (var step = from; step < to; step++)
            {
                engine.Step(Batch(step), 1e-3);
            }

            engine.Collect();
        }
    }

    [Fact]
    public void Step_ShouldUseTwoSetsOfBuffersInTurn_AndNoOther()
    {
        using var parameters = Load("");
        using var engine = new DeviceEngine(TinyBert.Config, Heads, parameters, Options(parameters), _cpu);
        var sets = new List<nint[]>();
        var before = engine.Now.Select(Copy).ToList();

        for (var step = 0; step < 50; step++)
        {
            sets.Add([.. engine.Now.Select(Address)]);
            engine.Step(Batch(step % 5), 1e-3);
            if (step == 0)
            {
                Assert.All(before.Zip(engine.Now), pair => Assert.NotEqual(pair.First, Copy(pair.Second)));
            }
        }

        Assert.All(sets.Select((set, step) => (set, step)), turn => Assert.Equal(sets[turn.step % 2], turn.set));
        var all = sets[0].Concat(sets[1]).Zip(engine.Now.Concat(engine.Now).Select(tensor => tensor.GetTensorDataAsSpan<float>().Length)).OrderBy(buffer => buffer.First).ToList();
        Assert.All(all.Zip(all.Skip(1)), pair => Assert.True(pair.First.First + (4 * pair.First.Second) <= pair.Second.First, "two buffers overlap"));

        static nint Address(OrtValue tensor) =>
            Unsafe.ByteOffset(ref Unsafe.NullRef<float>(), ref MemoryMarshal.GetReference(tensor.GetTensorMutableDataAsSpan<float>()));

        static float[] Copy(OrtValue tensor) => tensor.GetTensorDataAsSpan<float>().ToArray();
    }

    [Fact]
    public void Step_ShouldLeaveAloneWhatNoLossDependsOn_EvenByDecay()
    {
        HeadSpec[] heads = [TinyBert.Heads.Values.First(head => head.Kind == HeadKind.Token), new HeadSpec("pooled", HeadKind.Embedding, []) { Pooling = Pooling.Pooled }];
        using var before = TinyBert.Load(heads);
        using var parameters = TinyBert.Load(heads);
        using var engine = Engines.Open(inGraph: true, [heads[0]], parameters, Options(parameters), _cpu);

        engine.Step(Batch(0), 1e-2);
        engine.Collect();

        Assert.All(parameters.All, parameter => Assert.Equal(
            engine.Updated.Contains(parameter.Name), !parameter.Value.Span.SequenceEqual(before[parameter.Name].Value.Span)));
        Assert.NotEqual(parameters.All.Count, engine.Updated.Count);
    }

    public void Dispose() => _cpu.Dispose();

    /// <param name="trained">Begins of the names of what is trained.</param>
    private static ParameterSet Load(string trained) =>
        TinyBert.Load(Heads, name => Array.Exists(trained.Split(' '), begin => name.StartsWith(begin, StringComparison.Ordinal)), averaged: true);

    private static EngineOptions Options(ParameterSet parameters) => new()
    {
        Graph = new TrainGraphOptions
        {
            Trained = parameters.All.Where(parameter => parameter.Gradient is not null).Select(parameter => parameter.Name).ToHashSet(),
            HeadWeights = new Dictionary<string, float> { ["hate"] = 2 },
        },
        // With a small ε a weight whose gradient is only rounding moves by the whole rate, one way or the other.
        AdamW = new AdamWOptions { WeightDecay = 0.1, Epsilon = 1e-3 },
        DropoutRate = 0.1,
        LargestNorm = 0.5,
        Average = 0.9,
        Threads = 2,
    };

    /// <summary>Rows of other lengths for each number, with padding, words that come twice, and two segments.</summary>
    private static TrainBatch Batch(int number)
    {
        var random = new Random(number);
        const int Rows = 5;
        var length = 4 + (number % 7);
        int[] lengths = [.. Enumerable.Range(0, Rows).Select(row => row == 0 ? length : random.Next(3, length + 1))];
        var ids = new long[Rows * length];
        var segments = new long[ids.Length];
        for (var row = 0; row < Rows; row++)
        {
            for (var i = 0; i < lengths[row]; i++)
            {
                ids[(row * length) + i] = i == 0 ? 101 : 2000 + random.Next(20);
                segments[(row * length) + i] = i > lengths[row] / 2 ? 1 : 0;
            }
        }

        return new TrainBatch(length, ids, segments, lengths, Heads.ToDictionary(head => head.Name, head => Target(head, length)));

        HeadTarget Target(HeadSpec head, int tokens)
        {
            var shape = TrainGraph.LogitShape(head, Rows, tokens);
            var target = new float[shape.Aggregate((product, size) => product * size)];
            if (head.Kind == HeadKind.Sigmoid)
            {
                return new HeadTarget([.. target.Select(_ => (float)random.Next(2))], [.. target.Select(_ => (float)random.Next(3))], 1f / target.Length);
            }

            var classes = (int)shape[^1];
            for (var row = 0; row < target.Length / classes; row++)
            {
                target[(row * classes) + random.Next(head.Kind == HeadKind.Span ? 3 : classes)] = 1;
            }

            return new HeadTarget(target, null, (float)classes / target.Length);
        }
    }
}
