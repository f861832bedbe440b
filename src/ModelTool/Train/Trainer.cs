using System.Globalization;
using ModelTool.Graph;
using ModelTool.Import;

namespace ModelTool.Train;

/// <summary>Fine-tunes a checkpoint on labelled rows. The same configuration, data and machine give the same weights, interrupted or not.</summary>
internal sealed class Trainer : IDisposable
{
    private readonly TrainConfig _config;
    private readonly ProgressLine _progress;
    private readonly Checkpoint _start;
    private readonly IReadOnlyList<HeadSpec> _heads;
    private readonly ParameterSet _parameters;
    private readonly TrainDevice _device;
    private readonly TrainFolder _folder;
    private readonly string _fingerprint;

    /// <exception cref="ToolException">The checkpoint does not fit the configuration.</exception>
    public Trainer(TrainConfig config, ProgressLine progress)
    {
        (_config, _progress) = (config, progress);
        _heads = [.. config.Heads.Select(head => new HeadSpec(head.Key, head.Value.ParsedKind, head.Value.Labels) { Pair = config.Data.Pair is not null })];
        _start = Checkpoint.Open(config.Checkpoint);
        if (config.MaxTokens > _start.Config.Encoder.Positions)
        {
            throw new ToolException($"'max_tokens' is {config.MaxTokens}, and the checkpoint allows {_start.Config.Encoder.Positions} positions.");
        }

        _device = config.Device == TrainConfig.Cuda ? TrainDevice.Cuda() : TrainDevice.Cpu();
        Trained = StartWeights.Trained(_start.Config, _heads, config.Freeze);
        _parameters = new ParameterSet(ParameterShape.Of(_start.Config, _heads), Trained, averaged: config.Average > 0);
        _folder = new TrainFolder(config.Output, _start, _heads, _parameters);
        _fingerprint = TrainState.FingerprintOf(config, _start.WeightsFile);
    }

    /// <summary>Names of the parameters that are not frozen.</summary>
    public IReadOnlySet<string> Trained { get; }

    /// <summary>Trains until the last epoch, or until nothing gets better.</summary>
    /// <param name="resume">Go on from the newest checkpoint.</param>
    /// <param name="stop">Asked after every step; true writes a checkpoint and ends.</param>
    /// <returns>Whether training came to its end.</returns>
    public bool Run(bool resume, Func<bool> stop)
    {
        var examples = ReadExamples();
        Directory.CreateDirectory(_config.Output);
        var state = Begin(resume);
        var maker = new BatchMaker([.. _config.Heads]);
        using var engine = Engine();
        engine.Steps = state.Steps;
        using var dev = new DevScorer(_start.Config, _heads, _parameters, examples.Dev, maker, _config.Segments?.Aggregate ?? default, _device, _config.Threads);
        using var metrics = new MetricsFile(Path.Combine(_config.Output, "metrics.csv"), [.. _heads.Select(head => head.Name)], state.Steps);
        while (!IsOver(state))
        {
            var plan = BatchPlan.Shuffled(examples.Train, _config.Batch, _config.Seed, state.Epoch);
            while (state.Batch < plan.Count)
            {
                state = Step(engine, maker.Make(examples.Train, plan[state.Batch]), state, plan.Count, metrics);
                if (stop())
                {
                    Save(engine, state);
                    return false;
                }

                if (state.Steps % _config.CheckpointSteps == 0 && state.Batch < plan.Count)
                {
                    engine.Collect();
                    _folder.SaveLast(state);
                }
            }

            engine.Collect();
            state = Measure(dev, state, metrics);
            _folder.SaveLast(state);
        }

        _progress.Say($"Done after {state.Epoch} epochs and {state.Steps} steps: the best weights, F1 {Points(state.BestF1!.Value)}, are in {_folder.Model}.");
        return true;
    }

    public void Dispose()
    {
        _parameters.Dispose();
        _device.Dispose();
        _start.Dispose();
    }

    private ExampleSet ReadExamples()
    {
        var tokenizer = CheckpointFiles.LoadTokenizer(_start.Vocabulary, CheckpointFiles.ReadTokenizer(_start.TokenizerConfig), _start.Config.Encoder.Vocabulary);
        var examples = ExampleReader.Read(_config, tokenizer);
        _progress.Say(
            $"{Count(examples.Train)} to train on, {Count(examples.Dev)} to measure on, {examples.Unlabelled} without any label left out; {examples.Train.Sum(row => (long)row.Ids.Length)} tokens an epoch.");
        if (examples.Untaught(_config.Heads).ToList() is { Count: > 0 } untaught)
        {
            _progress.Say($"No training row has these labels, so nothing is learned of them: {string.Join(", ", untaught)}.");
        }

        return examples;

        static string Count(IReadOnlyList<Example> rows)
        {
            var texts = rows.Count(row => row.Part.Index == 0);
            return texts == rows.Count ? $"{texts} rows" : $"{texts} rows in {rows.Count} segments";
        }
    }

    private TrainState Begin(bool resume)
    {
        if (resume)
        {
            var state = _folder.LoadLast(_fingerprint);
            _progress.Say($"Going on after step {state.Steps}.");
            return state;
        }

        if (_folder.HasCheckpoint)
        {
            throw new ToolException($"{_config.Output} holds a training already: go on with --resume, or name another output.");
        }

        var random = StartWeights.Load(_start, _heads, _parameters, _config.Seed);
        if (random.Count > 0)
        {
            _progress.Say($"Not in the checkpoint, so random at first: {string.Join(", ", random)}.");
        }

        return new TrainState(_fingerprint);
    }

    private TrainState Step(ITrainEngine engine, TrainBatch batch, TrainState state, int batches, MetricsFile metrics)
    {
        var steps = (long)batches * _config.Epochs;
        var rate = new Schedule(_config.LearningRate, _config.Warmup, steps).Rate(state.Steps);
        StepResult result;
        try
        {
            result = engine.Step(batch, rate);
        }
        catch (ToolException)
        {
            Save(engine, state); // a step that fails has changed nothing
            throw;
        }

        if (!double.IsFinite(result.GradientNorm))
        {
            Save(engine, state);
            var broken = result.Losses.Where(loss => !float.IsFinite(loss.Value)).Select(loss => loss.Key).DefaultIfEmpty("the gradient");
            throw new ToolException(
                $"Step {state.Steps + 1} gave no finite number for {string.Join(", ", broken)}; {_folder.Last} holds the weights before it. Lower learning_rate, or gradient_norm.");
        }

        state = state with { Steps = engine.Steps, Batch = state.Batch + 1 };
        _progress.Step(state.Steps, steps, state.Epoch, _config.Epochs, result, batch.Tokens);
        metrics.Step(state.Steps, state.Epoch + 1, rate, result, _heads.Select(head => head.Name), _progress.TokensPerSecond);
        return state;
    }

    private TrainState Measure(DevScorer dev, TrainState state, MetricsFile metrics)
    {
        var f1 = dev.F1();
        metrics.Dev(state.Steps, state.Epoch + 1, f1);
        var mean = f1.Average();
        var better = state.BestF1 is not { } best || mean > best;
        if (better)
        {
            _folder.SaveModel();
        }

        _progress.Say(
            $"Epoch {state.Epoch + 1}: F1 on the development rows {string.Join(", ", _heads.Zip(f1, (head, value) => $"{head.Name} {Points(value)}"))}, mean {Points(mean)}{(better ? ", the best so far" : "")}.");
        return state with
        {
            Epoch = state.Epoch + 1,
            Batch = 0,
            BestF1 = better ? mean : state.BestF1,
            SinceBest = better ? 0 : state.SinceBest + 1,
        };
    }

    private bool IsOver(TrainState state) => state.Epoch >= _config.Epochs || (_config.Patience > 0 && state.SinceBest >= _config.Patience);

    private void Save(ITrainEngine engine, TrainState state)
    {
        engine.Collect();
        _folder.SaveLast(state);
        _progress.EndLine();
    }

    private ITrainEngine Engine() => _config.Device == TrainConfig.Cpu
        ? new TrainEngine(_start.Config, _heads, _parameters, EngineOptions(), _device)
        : new DeviceEngine(_start.Config, _heads, _parameters, EngineOptions(), _device);

    private EngineOptions EngineOptions() => new()
    {
        Graph = new TrainGraphOptions { Trained = Trained, HeadWeights = _config.Heads.ToDictionary(head => head.Key, head => head.Value.Weight) },
        AdamW = new AdamWOptions { WeightDecay = _config.WeightDecay, Epsilon = _config.AdamEpsilon },
        DropoutRate = _config.Dropout,
        Seed = _config.Seed,
        LargestNorm = _config.GradientNorm,
        Average = _config.Average,
        Threads = _config.Threads,
    };

    private static string Points(double fraction) => (100 * fraction).ToString("F1", CultureInfo.InvariantCulture);
}
