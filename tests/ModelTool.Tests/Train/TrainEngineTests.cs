using ModelTool.Graph;
using ModelTool.Tests.Support;
using ModelTool.Train;

namespace ModelTool.Tests.Train;

public sealed class TrainEngineTests : IDisposable
{
    private static readonly HeadSpec[] Heads = [TinyBert.Heads["hate"]];

    private readonly TrainDevice _cpu = TrainDevice.Cpu();

    public static TheoryData<bool> BothWays => [false, true];

    [Theory]
    [MemberData(nameof(BothWays))]
    public void Step_ShouldGiveTheSameWeightsToTheBit_WhenTheSameStepsAreTakenTwice(bool inGraph)
    {
        float[] Train(int seed)
        {
            using var parameters = TinyBert.Load(Heads);
            using var engine = Engine(inGraph, parameters, options => options with { DropoutRate = 0.1, Seed = seed });
            for (var step = 0; step < 3; step++)
            {
                engine.Step(Batch(), 1e-3);
            }

            engine.Collect();
            return [.. parameters.All.SelectMany(parameter => parameter.Value.Span.ToArray())];
        }

        var first = Train(1);

        Assert.Equal(first, Train(1));
        Assert.NotEqual(first, Train(2));
    }

    [Theory]
    [MemberData(nameof(BothWays))]
    public void Step_ShouldLeaveFrozenParametersAlone_WhenOthersAreTrained(bool inGraph)
    {
        using var before = TinyBert.Load(Heads);
        using var parameters = TinyBert.Load(Heads, name => name.StartsWith("encoder.layer.1.", StringComparison.Ordinal));
        using var engine = Engine(inGraph, parameters);

        engine.Step(Batch(), 1e-3);
        engine.Collect();

        Assert.All(parameters.All, parameter => Assert.Equal(
            !parameter.Name.StartsWith("encoder.layer.1.", StringComparison.Ordinal),
            parameter.Value.Span.SequenceEqual(before[parameter.Name].Value.Span)));
    }

    [Theory]
    [MemberData(nameof(BothWays))]
    public void Step_ShouldDecayUnusedWords_WhenEmbeddingsAreTrained(bool inGraph)
    {
        using var before = TinyBert.Load(Heads);
        using var parameters = TinyBert.Load(Heads);
        using var engine = Engine(inGraph, parameters, options => options with { AdamW = new AdamWOptions { WeightDecay = 0.5 } });

        engine.Step(Batch(), 1e-2);
        engine.Collect();

        const int Unused = 7000 * 32;
        var was = before[ParameterShape.Words].Value.Span;
        var now = parameters[ParameterShape.Words].Value.Span;
        Assert.Equal(was[Unused] * (1 - (0.5f * 1e-2f)), now[Unused], 1e-7f);
    }

    [Theory]
    [InlineData(0.25, false)]
    [InlineData(0.999, false)]
    [InlineData(0.25, true)]
    [InlineData(0.999, true)]
    public void Step_ShouldAverageTheWeightsAsAPlainLoopDoes_WhenAnAverageIsKept(double average, bool inGraph)
    {
        using var parameters = TinyBert.Load(Heads, averaged: true);
        using var engine = Engine(inGraph, parameters, options => options with { Average = average });
        double[][] expected = [.. parameters.All.Select(parameter => parameter.Value.Span.ToArray().Select(weight => (double)weight).ToArray())];

        for (var step = 1; step <= 4; step++)
        {
            engine.Step(Batch(), 1e-2);
            engine.Collect();
            var kept = Math.Min(average, (1.0 + step) / (10 + step));
            foreach (var (parameter, mean) in parameters.All.Zip(expected))
            {
                for (var i = 0; i < mean.Length; i++)
                {
                    mean[i] = (kept * mean[i]) + ((1 - kept) * parameter.Value.Span[i]);
                }
            }
        }

        Assert.All(parameters.All.Zip(expected), pair => Assert.All(
            pair.Second.Zip(pair.First.Average!.Span.ToArray()), means => Assert.Equal(means.First, means.Second, 1e-6)));
        Assert.NotEqual(expected[0][101 * 32], parameters.All[0].Value.Span[101 * 32], 1e-4); // a word in use, which the steps have moved
    }

    [Theory]
    [MemberData(nameof(BothWays))]
    public void Step_ShouldChangeNothing_WhenTheLossIsNoNumber(bool inGraph)
    {
        using var parameters = TinyBert.Load(Heads, averaged: true);
        parameters["pooler.dense.bias"].Value.Span[0] = float.NaN;
        var before = parameters.All.Select(parameter => (parameter.Value.Span.ToArray(), parameter.Average!.Span.ToArray())).ToList();
        using var engine = Engine(inGraph, parameters);

        var result = engine.Step(Batch(), 1e-3);
        engine.Collect();

        Assert.Equal(double.NaN, result.GradientNorm);
        Assert.Equal(0, engine.Steps);
        Assert.Equal(before, parameters.All.Select(parameter => (parameter.Value.Span.ToArray(), parameter.Average!.Span.ToArray())));
    }

    [Theory]
    [MemberData(nameof(BothWays))]
    public void Step_ShouldSayWhatItCouldNotCompute_AndChangeNothing(bool inGraph)
    {
        using var parameters = TinyBert.Load(Heads);
        var before = parameters.All.Select(parameter => parameter.Value.Span.ToArray()).ToList();
        using var engine = Engine(inGraph, parameters);

        var error = Assert.Throws<ToolException>(() => engine.Step(Batch() with { Ids = [101, 8000, 2001, 102, 101, 3000, 102, 0] }, 1e-3));
        engine.Collect();

        Assert.StartsWith("ONNX Runtime could not compute 2 rows of 4 tokens: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(before, parameters.All.Select(parameter => parameter.Value.Span.ToArray()));
    }

    [Theory]
    [MemberData(nameof(BothWays))]
    public void Step_ShouldCostNothing_WhenNoRowHasALabel(bool inGraph)
    {
        using var parameters = TinyBert.Load(Heads);
        using var engine = Engine(inGraph, parameters);

        var result = engine.Step(Batch() with { Targets = new Dictionary<string, HeadTarget> { ["hate"] = new(new float[4], null, 0) } }, 1e-3);

        Assert.Equal(0, result.Losses["hate"]);
        Assert.Equal(0, result.GradientNorm);
    }

    public void Dispose() => _cpu.Dispose();

    private ITrainEngine Engine(bool inGraph, ParameterSet parameters, Func<EngineOptions, EngineOptions>? change = null)
    {
        var options = new EngineOptions
        {
            Graph = new TrainGraphOptions { Trained = parameters.All.Where(p => p.Gradient is not null).Select(p => p.Name).ToHashSet() },
        };
        return Engines.Open(inGraph, Heads, parameters, change is null ? options : change(options), _cpu);
    }

    private static TrainBatch Batch() => new(
        4,
        [101, 2000, 2001, 102, 101, 3000, 102, 0],
        new long[8],
        [4, 3],
        new Dictionary<string, HeadTarget> { ["hate"] = new([1, 0, 0, 1], null, 0.5f) });
}
